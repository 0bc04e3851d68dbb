-- prelude layers: the layers of a scalable Bloom filter, and the header of every one. After the part bloom.
--
-- Half of the bits of a layer may be set, so that it takes at most 2^-hashes of what is not in it for its elements. Each has one
-- function more than the one before: together they take at most twice as much of that as the first. (P. S. Almeida,
-- C. Baquero, N. Preguica and D. Hutchison, "Scalable Bloom Filters", Information Processing Letters 101, 2007, with the growth 2
-- and the tightening ratio 1/2.)

-- Write the header.
local function record(filter)
  local text = string.format(
    'bits=%.0f hashes=%d layers=%d set=%.0f length=%.17g pass=%.17g',
    filter.bits, filter.hashes, #filter, filter.set, filter.length, filter.pass
  )
  call('SETRANGE', filter.body, #filter.same, text .. string.rep(' ', HEAD - 1 - #filter.same - #text) .. '\n')
end

-- How many elements that are new a layer takes for certain, of which half of the bits may be set.
local function room(layer, set) return math.max(0, math.floor((layer.bits / 2 - set) / layer.hashes)) end

-- Whether so many elements that are new fit into a scalable filter, of at most `limit` bits.
local function fits(filter, count, limit)
  local layer, set, stop, i = filter.last, filter.set, filter.stop, #filter
  while count > room(layer, set) do
    count = count - room(layer, set)
    layer, set, i = layer_at(filter, i, stop), 0, i + 1
    stop = stop + layer.bits
    if stop > limit then return false end
  end
  return true
end

-- Close the last layer, and begin another. The error where the server has no room for it.
local function grow(filter)
  local layer = layer_at(filter, #filter, filter.stop)
  local made = redis.pcall('SETBIT', filter.body, filter.stop + layer.bits - 1, '0')
  if type(made) == 'table' then return made end
  filter.pass, filter.set = filter.pass * (1 - (filter.set / filter.last.bits) ^ filter.last.hashes), 0
  add_layer(filter)
end
