"""Networks on a CUDA device (or in its simulator) with launches and arithmetic of our choice."""

from simulator.engine_cuda import CudaEngine


def engine_of(network, **options):
    """An engine for a network that has not run yet, at t = 0; the network's recordings fill."""
    engine = CudaEngine(network.spec, network.recordings, network.spike_recordings, **options)
    engine.restore({}, 0)
    for recording in network.recordings:
        recording.append(engine.read_state(recording.group, recording.variable)[recording.indices])
    return engine


def run(engine, n_steps):
    """So many steps, in as many calls as the engine wants."""
    last = engine.step + n_steps
    while engine.step < last:
        engine.run(engine.step + 1, last - engine.step)
