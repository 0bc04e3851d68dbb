-- count: how much is in the body of a typed leaf, whatever its kind.
-- KEYS: the body.
-- ARGV: none.
-- Reply: how many elements, or bytes of a string; 0 where nothing is.
-- Errors: none of its own.
-- Complexity: O(1).

local COUNTS = {list = 'LLEN', set = 'SCARD', hash = 'HLEN', zset = 'ZCARD', string = 'STRLEN'}

local command = COUNTS[redis.call('TYPE', KEYS[1]).ok]
return command and redis.call(command, KEYS[1]) or 0
