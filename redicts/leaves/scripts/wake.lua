-- wake: give a wake-up to the next that waits for elements, or for room.
-- KEYS: the list that it waits on.
-- ARGV: none.
-- Reply: 1.
-- Errors: none of its own.
-- Complexity: O(1).
-- Needs: wake

wake(KEYS[1])
return 1
