#!lua flags=allow-oom
-- Removes a contest from the registry. A full store takes it too, since it makes room.
--
-- KEYS[1]  registry  ZSET  contest ids of one part of the registry, all with the score 0
-- ARGV[1]  the contest

return redis.call('ZREM', KEYS[1], ARGV[1])
