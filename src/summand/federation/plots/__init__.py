"""Charts of released results (Vega-Lite, by Altair), each family of methods in one module.

Promise: what was kept back is left out of a chart, never drawn as zero; a result without anything to draw is an error
that says so.
"""

from summand.federation.plots._chart import chart
from summand.federation.plots._process import process_plot

__all__ = ["chart", "process_plot"]
