"""The CUDA side of the engine: kernels that serve every network, and their arrays.

Nothing outside this folder and `engine_cuda` imports it, because importing it imports `numba.cuda`.
"""
