"""The shop: believable workloads whose pods do what pods do, good and bad.

The world is a discrete simulation. Each pod, rollout or schedule is a *script*, a generator that
yields how many seconds pass until its next step; the world steps them in the order of time, so
that a seed and a starting time give the same history whatever clock drives it.
"""
