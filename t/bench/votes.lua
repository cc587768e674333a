-- Votes, each of another member or on another deal until all pairs are done, for
-- wrk: -- FIRST DEALS MEMBERS START

local first, deals, members, n

function init(args)
    first, deals = tonumber(args[1]), tonumber(args[2])
    members, n = tonumber(args[3]), tonumber(args[4])
    math.randomseed(n)
    wrk.method = "PUT"
end

function request()
    n = n + 1
    local deal = first + n * 7919 % deals
    local member = 1 + (deal * 31 + math.floor(n / deals)) % members
    return wrk.format(nil, "/api/v1/deals/" .. deal .. "/vote",
        { ["Authorization"] = "Bearer " .. member
                              .. ".MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
          ["Content-Type"] = "application/json" },
        '{"value":' .. math.random(-1, 1) .. "}")
end
