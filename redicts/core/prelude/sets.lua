-- prelude sets: several sets of one section.
-- Needs: read

-- The body of the set at KEYS[at], of which nothing is there where no set is; else the error, with the number of the set.
local function body_at(at, field, marker, number)
  local key, body = KEYS[at], KEYS[at + 1]
  if redis.call('HGET', key, field) == marker then return body end
  local text = living(key, field)
  if text then
    return nil, redis.error_reply('WRONGKIND ' .. (is_marker(text) and text or '~') .. ' ' .. string.format('%d', number))
  end
  return body .. '.'  -- no component is empty: no such key is there
end
