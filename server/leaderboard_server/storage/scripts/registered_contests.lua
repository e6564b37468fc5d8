#!lua flags=no-writes
-- Reads contests of one part of the registry, in the order of the bytes of their ids.
--
-- KEYS[1]  registry  ZSET  contest ids of the part, all with the score 0; the empty id says that the
--                          part is complete
-- ARGV[1]  '(' or '[' and the least id, exclusive or inclusive
-- ARGV[2]  '(' and the id that all are less than
-- ARGV[3]  how many at most
-- ARGV[4]  1 if the part has to be complete, else 0
--
-- Returns nil if the part is not complete and has to be, else the ids.

if ARGV[4] == '1' and not redis.call('ZSCORE', KEYS[1], '') then
  return false
end
return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
