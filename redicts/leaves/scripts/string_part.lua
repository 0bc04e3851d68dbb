-- string_part: a part of a string, between two bounds: its bytes, or its bits.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; "GETRANGE", "BITCOUNT" or "BITPOS"; start and stop in bytes, as Python has them ("" for None); for
--   "BITPOS" the bit.
-- Reply: the bytes; the number of bits set; the number of the first such bit, from the beginning of the string, or -1.
-- Errors: WRONGKIND.
-- Complexity: O(the part).
-- Needs: kept, sequence

local wrong = wrong_kind()
if wrong then return wrong end
local start, stop = bounds(ARGV[4], ARGV[5], 1, redis.call('STRLEN', KEYS[2]))
if ARGV[3] == 'GETRANGE' then
  return start < stop and redis.call('GETRANGE', KEYS[2], start, stop - 1) or ''
elseif ARGV[3] == 'BITCOUNT' then
  return start < stop and redis.call('BITCOUNT', KEYS[2], start, stop - 1) or 0
elseif ARGV[3] == 'BITPOS' then
  return start < stop and redis.call('BITPOS', KEYS[2], ARGV[6], start, stop - 1) or -1
end
return redis.error_reply('ERR no such command')
