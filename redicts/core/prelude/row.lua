-- prelude row: the elements of a list, moved about in tables.
-- Needs: leaf

-- Put texts at an end of the body; "LPUSH" turns their order, as it does.
local function push(command, texts)
  for at = 1, #texts, CHUNK do redis.call(command, body, unpack(texts, at, math.min(at + CHUNK - 1, #texts))) end
end

-- The same table, with its texts in the opposite order.
local function turned(texts)
  local size = #texts
  for i = 1, math.floor(size / 2) do texts[i], texts[size + 1 - i] = texts[size + 1 - i], texts[i] end
  return texts
end

-- Put other texts in the place of all `size` that there are. The key is never away, nor is its time to live.
local function replace(size, texts)
  push('RPUSH', texts)
  redis.call('LTRIM', body, size, -1)
end
