-- compare_and_set: set a place to a document if its JSON text is one of those expected. Its time to live stays.
-- KEYS: header; the hash of the entry.
-- ARGV: header; field, number of expected texts, the texts ("" for a place where nothing is), then text ("/" for a
--   node), number of rows, and the rows as for set.
-- Reply: {1} where it was set, else {0, JSON text or ""}: what stands there, names in a fixed order.
-- Errors: LOCKLOST, NEWSECTION; WRONGKIND where it is that text and has a typed leaf in it: nothing was written.
-- Complexity: O(what is read and written).
-- Needs: header, put, document, moment

local refused = lost_guard() or new_section(KEYS[own_key])
if refused then return refused end
local key, field, expected = KEYS[own_key], ARGV[own_arg], tonumber(ARGV[own_arg + 1])
local text, at = document(key, field) or '', own_arg + 2 + expected

local function is_expected()
  for i = own_arg + 2, at - 1 do
    if text == ARGV[i] then return true end
  end
  return false
end

local same = is_expected()
if not same and is_marker(look(key, field) or '0') then
  fixed_order = true
  text = document(key, field) or ''
  same = is_expected()
end
if not same then return {0, text} end
if typed_met then return redis.error_reply('WRONGKIND ' .. typed_met) end
put(key, field, ARGV[at], at + 2, tonumber(ARGV[at + 1]), own_deadline(key, field))
return {1}
