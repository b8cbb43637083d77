"""Decide from counts whether a model's data drifted, at a false-alarm rate that was asked for.

All of it is linear in rows until a verdict: a window is the sum of its blocks (requests, customers,
hours), a baseline the sum of training's, and what is judged are such sums alone. A model's scores
are one more feature (prediction drift), and so is the residual of ``multivariate.FourierMap``.

Training: ``reference_of(blocks, block_rows, cells)``, kept as ``Reference.to_bytes()``.
Check: ``Judge(reference, settings).judge(window, state)``, whose judgement has the next state.
"""
