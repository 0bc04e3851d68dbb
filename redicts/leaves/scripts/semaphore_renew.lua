-- semaphore_renew: give permits of a semaphore a new lease, while the old one is not over.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; how many permits it has; the lease in ms.
-- Reply: for how many ms they are its; 0 where they are not any more.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(permits * log(all)).
-- Needs: permits

local refused = unfit()
if refused then return refused end
local token, count, now = ARGV[own], tonumber(ARGV[own + 1]), now_ms()
local held = there and redis.call('ZSCORE', body, permit(token, 1))
if not held or tonumber(held) <= now then return 0 end
local ends = outlast(now + tonumber(ARGV[own + 2]))
for number = 1, count do redis.call('ZADD', body, whole(ends), permit(token, number)) end
return ends - now
