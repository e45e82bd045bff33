"""A closed world that shows whether the loop pays: known tastes, known clicks, several shops."""

from kerasrec.simulation.simulate import simulate as simulate
from kerasrec.simulation.simulation import Simulation as Simulation
from kerasrec.simulation.world import World as World
