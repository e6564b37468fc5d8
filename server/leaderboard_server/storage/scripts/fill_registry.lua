#!lua flags=allow-oom
-- Adds contests that exist to one part of the registry, and perhaps marks it as complete.
--
-- A full store takes it too, so that its contests can be listed.
--
-- KEYS[1]  registry  ZSET  contest ids of the part, all with the score 0; the empty id says that the
--                          part is complete
-- ARGV     1 to 1,000 contests; '' marks the part

local members = {}
for _, contest_id in ipairs(ARGV) do
  members[#members + 1] = 0
  members[#members + 1] = contest_id
end
return redis.call('ZADD', KEYS[1], unpack(members))
