-- The part of scripts that know the request memory of a contest: the answers to requests, by which
-- repeats are recognised, and the last reply to each server, by which it recognises its own resends.
-- Appended to position.lua.
--
-- A request bucket is a HASH:
--   request id        '<fingerprint> <answer>'
--   'server <token>'  '<sequence> <reply>' of the last commit of a server; the reply is '' once users
--                     were removed, since it may hold their names
-- The field `servers` of meta has the tokens of the servers that have such an entry, and perhaps of
-- earlier ones, with a space between two.

-- Looks up fields in the request buckets: in the current one, and in the others where needed.
--   buckets  the keys of the buckets, the current one first
--   fields   'server <token>' of this server, then request ids. Its last commit is in the latest
--            bucket that it wrote to, while a request id may be in any bucket.
-- Returns the values in the order of the fields, false for one that is not found.
local function look_up(buckets, fields)
  local found = redis.call('HMGET', buckets[1], unpack(fields))
  if not found[1] or #fields > 1 then
    for bucket = 2, #buckets do
      for i, value in ipairs(redis.call('HMGET', buckets[bucket], unpack(fields))) do
        found[i] = found[i] or value
      end
    end
  end
  return found
end

-- Returns the tokens with that of a server that commits for the first time in these buckets, and
-- without those of servers that are not in them any more.
--   servers  the tokens so far, '' for none
local function with_server(servers, buckets, token)
  local kept = {}
  for other in servers:gmatch('%S+') do
    if other ~= token and look_up(buckets, {'server ' .. other})[1] then
      kept[#kept + 1] = other
    end
  end
  kept[#kept + 1] = token
  return table.concat(kept, ' ')
end

-- Removes the last reply to each server: after a removal no key may hold what it removed.
local function forget_replies(servers, buckets)
  for token in servers:gmatch('%S+') do
    local field = 'server ' .. token
    for _, bucket in ipairs(buckets) do
      local entry = redis.call('HMGET', bucket, field)[1]
      if entry then
        redis.call('HSET', bucket, field, entry:match('^%d+ '))
      end
    end
  end
end
