"""What every model keeps to, checked on a small one: `check_model`."""

from kerasrec.models.contract.check_model import check_model as check_model
