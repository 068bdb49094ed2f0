"""Compiled loops of the CPU engine that are the same for all models."""
