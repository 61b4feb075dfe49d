"""Settings for property tests of rules."""

from __future__ import annotations

from hypothesis import settings

# The first example of a run loads rule rows and calendar; on a busy machine that alone can
# exceed the default time limit of one example, and says nothing about the rule under test.
settings.register_profile("rules", deadline=None)
settings.load_profile("rules")
