-- reliable_queue_join: tell whether nothing is pending or leased.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "1" where who asks will wait for that, else "0".
-- Reply: 1 where nothing is, else 0.
-- Errors: LOCKLOST, WRONGKIND.
-- Complexity: O(1).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
if there then
  if ARGV[own] == '1' then expect('join') end
  return 0
end
announce('join')  -- another may wait for the same
return 1
