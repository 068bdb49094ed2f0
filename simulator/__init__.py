"""A spiking-network engine: equations become kernels for CPU and CUDA.

A model is text (`models`); its plan is data (`statements`); a plan becomes source text
(`generators`) and machine code (`build`); a network is columns of numbers (`network`), which an
engine runs.  It refuses to know the chip and PyNN, and imports none of our other packages.
"""
