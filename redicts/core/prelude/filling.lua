-- prelude filling: putting elements into a Bloom filter. After the parts bloom and layers.
--
-- The estimate of its elements is kept up as they come: one that changes it counts for all that would have changed nothing,
-- 1 / (share of others that it tells from its elements just then). As D. Ting, "Streamed approximate counting of distinct
-- elements" (KDD 2014, section 3), has it for other sketches. It is exact while few bits are set, and never infinite.

local MOST = 1500  -- bits that one command sets

-- Whether an element seems to be in one of so many layers, from the first.
local function within(filter, layers, copy, x, y, z)
  for i = layers, 1, -1 do  -- the later ones hold more
    if has(filter, filter[i], copy, x, y, z) then return true end
  end
  return false
end

-- Put elements in, given by their hashes. How many are new; or the error.
local function insert(filter, hashes)
  local args, waiting, new, failed, count = {}, 0, 0, nil, #hashes / ELEMENT
  local copy = #filter > 1 and copy_of(filter, count) or nil  -- of layers that are closed: they stay as they are
  local function put(layer, x, y, z)
    local bits, at = layer.bits, 4 * waiting * layer.hashes
    x, y, z = x % bits, y % bits, z % bits
    for i = 1, layer.hashes do
      args[at + 1], args[at + 2], args[at + 3], args[at + 4] = 'SET', 'u1', layer.from + x, '1'
      x, y, at = (x + y) % bits, (y + z + i) % bits, at + 4
    end
    waiting = waiting + 1
  end
  local function flush()
    local last, at = filter.last, 0
    if waiting == 0 then return end
    local old = call('BITFIELD', filter.body, unpack(args, 1, 4 * waiting * last.hashes))
    for _ = 1, waiting do
      local fresh = 0
      for _ = 1, last.hashes do at, fresh = at + 1, fresh + 1 - old[at + 1] end
      if fresh > 0 then
        filter.length = filter.length + 1 / (filter.pass * (1 - (filter.set / last.bits) ^ last.hashes))
        filter.set, new = filter.set + fresh, new + 1
      end
    end
    waiting = 0
  end
  for at = 1, #hashes, ELEMENT do
    local x, y, z = words(hashes, at)
    local known, last = within(filter, #filter - 1, copy, x, y, z), filter.last
    if not known and filter.scalable and room(last, filter.set) <= waiting then
      flush()
      if room(last, filter.set) == 0 then
        known = has(filter, last, nil, x, y, z)
        if not known then failed = grow(filter) end
        if failed then break end
        last, copy = filter.last, copy_of(filter, count)
      end
    end
    if not known then
      put(last, x, y, z)
      if (waiting + 1) * last.hashes > MOST then flush() end
    end
  end
  flush()
  if new > 0 then record(filter) end
  return failed or new
end
