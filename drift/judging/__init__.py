"""Decide from counts whether a model's data drifted, at a false-alarm rate that was asked for.

All of it is linear in rows until a verdict: a window is the sum of its blocks (requests, customers,
hours), a baseline the sum of training's, and what is judged are such sums alone.
"""
