-- read: one reading command on the body of a typed leaf.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; the command; what follows the key in it, 7,000 arguments at most.
-- Reply: the command's; where nothing is, what it says of a key that is not there.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: the command's.
-- Needs: read

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call(ARGV[3], KEYS[2], unpack(ARGV, 4))
end
-- Prelude

local text = living(KEYS[1], ARGV[1])
if text then return redis.error_reply('WRONGKIND ' .. (is_marker(text) and text or '~')) end
return redis.call(ARGV[3], KEYS[2] .. '.', unpack(ARGV, 4))  -- no component is empty: no such key is there
