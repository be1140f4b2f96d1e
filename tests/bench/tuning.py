"""How well the search of ``tune`` searches: against Optuna's TPE and random search, on measured systems.

``python tests/bench/tuning.py [FOLDER]``; it needs Optuna. FOLDER holds tables of measured systems; without it
functions of our own take their place. One processor; about QUARTER of an hour.
"""
