-- prelude kept: what every script begins with that reads a typed leaf by more than one command. KEYS: the hash of the
-- entry; the body. ARGV: field; marker; the script's own.
-- Needs: read

-- The error of reading a place that holds something else; nil where the leaf is, and where nothing is. (Then there is no
-- body: what a leaf leaves behind expired with it.)
local function wrong_kind()
  if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return nil end
  local text = living(KEYS[1], ARGV[1])
  if text then return redis.error_reply('WRONGKIND ' .. (is_marker(text) and text or '~')) end
  return nil
end
