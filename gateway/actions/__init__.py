"""What changes state: one file per mutation, each an Action in the tuple ACTIONS (``all.py``)."""
