-- Votes, each of another member or on another deal until all pairs are done, for
-- wrk: -- DEALS MEMBERS START

local deals, members, n

function init(args)
    deals, members = tonumber(args[1]), tonumber(args[2])
    n = tonumber(args[3])
    math.randomseed(n)
    wrk.method = "PUT"
end

function request()
    n = n + 1
    local deal = 1 + n * 7919 % deals
    local member = 1 + (deal * 31 + math.floor(n / deals)) % members
    return wrk.format(nil, "/api/v1/deals/" .. deal .. "/vote",
        { ["Authorization"] = "Bearer " .. member
                              .. ".MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
          ["Content-Type"] = "application/json" },
        '{"value":' .. math.random(-1, 1) .. "}")
end
