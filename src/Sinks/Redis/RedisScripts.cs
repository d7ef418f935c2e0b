namespace StreamEngine.Sinks.Redis;

/// <summary>
/// Each runs atomically in the server. The sequence stands in the record itself, so that a plain GET shows all there is; a
/// value without one counts as older. Sequences in microseconds are exact as Lua's doubles until the year 2255.
/// </summary>
internal static class RedisScripts
{
    public const int Newer = 1;
    public const int Extended = 2;
    public const int Absent = -1;

    private const string Held = """
        local old = redis.call('GET', KEYS[1])
        local held
        if old then
          local ok, record = pcall(cjson.decode, old)
          held = ok and type(record) == 'table' and tonumber(record.sequence) or nil
        end
        local sequence = tonumber(ARGV[1])

        """;

    /// <summary>
    /// Arguments: sequence, TTL in ms, record (empty: only extend). 1 = taken, 2 = same version held and its TTL extended,
    /// 0 = a newer one is held, -1 = nothing to extend.
    /// </summary>
    public const string Set = Held + """
        if held == sequence then
          redis.call('PEXPIRE', KEYS[1], ARGV[2])
          return 2
        end
        if held and held > sequence then return 0 end
        if ARGV[3] == '' then return -1 end
        redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
        return 1
        """;

    /// <summary>Argument: sequence of the removal. 1 = removed, 0 = a newer record is held, or none.</summary>
    public const string Remove = Held + """
        if held and held > sequence then return 0 end
        return redis.call('DEL', KEYS[1])
        """;
}
