"""A spiking-network engine: equations become kernels for CPU and CUDA.

Empty in this version; the name and its place among the packages are fixed so that what arrives
here has walls.  It refuses to know the chip and PyNN, and imports none of our other packages.
"""
