-- prelude put: setting an entry to a document.
-- Needs: ensure, tidy

local function put_fields(key, first, last)
  for from = first, last, CHUNK do
    redis.call('HSET', key, unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
  end
end

-- Put the rows of a node, beginning at ARGV[at]: tail of the key, number of arguments, fields and values.
local function put_rows(node, at, rows, deadline)
  for _ = 1, rows do
    local key, size = node .. ARGV[at], tonumber(ARGV[at + 1])
    put_fields(key, at + 2, at + 1 + size)
    if deadline > 0 then set_deadline(key, deadline) end
    at = at + 2 + size
  end
  return at
end

-- A section that is a leaf has a hash to itself, and so needs no body to expire.
local function put_leaf(key, field, text, deadline, own)
  if field == '' then
    redis.call('HSET', key, field, text)
    return set_deadline(key, deadline)
  end
  if own then
    redis.call('SET', body_of(key, field), text, 'PXAT', string.format('%.0f', deadline))
    text = '~'
  end
  redis.call('HSET', key, field, text)
end

-- Set an entry to a document: `text` is a leaf's, or "/" for a node of `rows` rows at ARGV[at]. `deadline` is its own,
-- or NONE; it never outlives its parent. Where the document ends in ARGV.
local function put(key, field, text, at, rows, deadline)
  local limit, node = NONE, node_of(key, field)
  if field ~= '' then
    limit = ensure_node(key)
    local old = redis.call('HGET', key, field)
    if old and is_marker(old) then unlink_beneath(key, field, old) end
  end
  unlink_node(node)
  if field == '' then register(key) end
  local brief, own = deadline > 0, owns(deadline, limit)
  if not own then deadline = limit end
  local new = limit > 0 and redis.call('EXISTS', key) == 0
  if text ~= '/' then
    put_leaf(key, field, text, deadline, own)
  else
    mark_node(key, field, own)
    at = put_rows(node, at, rows, deadline)
  end
  if new then set_deadline(key, limit) end
  if brief then tidy_beside(key, field) end
  return at
end
