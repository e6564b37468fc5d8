#!lua
-- Adds a contest to the registry. It has no flag: a full store takes no further contests.
--
-- KEYS[1]  registry  ZSET  contest ids of one part of the registry, all with the score 0
-- ARGV[1]  the contest

return redis.call('ZADD', KEYS[1], 0, ARGV[1])
