-- wake: give a wake-up to the next that waits on a list: for a lock, for elements, or for room.
-- KEYS: the list.
-- ARGV: none.
-- Reply: 1.
-- Errors: none of its own.
-- Complexity: O(1).
-- Needs: wake

wake(KEYS[1])
return 1
