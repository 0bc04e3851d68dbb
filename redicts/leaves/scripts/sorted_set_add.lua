-- sorted_set_add: add many members to a sorted set, or give them other scores.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "1" where members may be new, else "0"; the number of options; the options of ZADD; then
--   score and member, one after the other.
-- Reply: what ZADD says, in sum.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(log(length)) for each.
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local adds, options = ARGV[own] == '1', tonumber(ARGV[own + 1])
if not adds and not there then return 0 end
refused = mount()
if refused then return refused end
local total = 0
for from = own + 2 + options, #ARGV, CHUNK do
  local call = {body}
  for i = own + 2, own + 1 + options do call[#call + 1] = ARGV[i] end
  for i = from, math.min(from + CHUNK - 1, #ARGV) do call[#call + 1] = ARGV[i] end
  total = total + redis.call('ZADD', unpack(call))
end
settle()
announce('get')
return total
