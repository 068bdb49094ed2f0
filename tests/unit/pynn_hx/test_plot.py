"""Pictures are drawn on the axes that are passed in.

Oracle: the data that go in, read off the artists.
"""

import neo
import numpy as np
import quantities as pq
from matplotlib.figure import Figure

from pynn_hx import plot


def test_membrane_trace_draws_data_inputs_and_spikes_in_microseconds():
    axes = Figure().add_subplot()
    signal = neo.IrregularlySampledSignal(
        [0.0, 0.1] * pq.ms, [[1.0], [3.0]], units="dimensionless", name="v"
    )
    train = neo.SpikeTrain([0.05] * pq.ms, t_stop=0.1)
    plot.membrane_trace(axes, signal, spikes=train, inputs=[0.02])
    lines = {line.get_label(): line for line in axes.lines}
    assert np.allclose(lines["recorded"].get_xdata(), [0, 100])
    assert lines["recorded"].get_ydata().tolist() == [1, 3]
    assert np.allclose(lines["output spikes"].get_xdata(), [50])
    assert np.allclose(lines["input spikes"].get_xdata(), 20)
    assert axes.get_ylabel() == "membrane potential [MADC LSB]"


def test_raster_draws_one_row_per_train():
    axes = Figure().add_subplot()
    trains = [neo.SpikeTrain([0.01 * k] * pq.ms, t_stop=0.1, source_index=k) for k in (2, 5)]
    plot.raster(axes, trains)
    assert [c.get_lineoffset() for c in axes.collections] == [2, 5]
    assert np.allclose([c.get_positions()[0] for c in axes.collections], [20, 50])
