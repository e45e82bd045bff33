"""The model classes of a module, by what they learn from."""

import inspect

from kerasrec.models.ranker import Ranker
from kerasrec.models.recommender import Recommender


def models_of(module, rankers=False):
    """The model classes of a module, such as `kerasrec_zoo`, in the order of their names.

    Args:
        module: A module.
        rankers: Those that learn from `Impressions`; False: those that learn from `Interactions`.

    >>> import kerasrec_zoo
    >>> [cls.__name__ for cls in models_of(kerasrec_zoo, rankers=True)][:3]
    ['AutoInt', 'BST', 'DCN']
    """
    found = [cls for _, cls in inspect.getmembers(module, inspect.isclass)]
    models = [cls for cls in found if issubclass(cls, Recommender)]
    return [cls for cls in models if issubclass(cls, Ranker) == rankers]
