-- wake: pass a wake-up on to the next that waits on a list.
-- KEYS: the list.
-- ARGV: none.
-- Reply: 1.
-- Errors: none of its own.
-- Complexity: O(1).
-- Needs: wake

wake(KEYS[1])
return 1
