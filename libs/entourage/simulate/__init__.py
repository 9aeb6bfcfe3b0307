"""Make up a world of people, accounts, records and posts whose truth is known.

in: `SimulateParams` ▶ out: `outputs`, one frame a folder in the wire formats that the world has, and the truth apart.
"""

from entourage.simulate.params import LAYERS, MECHANISMS, Output, SimulateParams
from entourage.simulate.wires import PARQUET
from entourage.simulate.world import outputs

__all__ = ["LAYERS", "MECHANISMS", "PARQUET", "Output", "SimulateParams", "outputs"]
