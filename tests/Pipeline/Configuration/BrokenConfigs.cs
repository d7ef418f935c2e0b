namespace StreamEngine.Pipeline.Tests.Configuration;

/// <summary>A config with something wrong in it.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Text">The config, to be named <c>pipeline.json</c>.</param>
/// <param name="Map">The mapping, to be named <c>maps/players.json</c> beside it.</param>
/// <param name="Expected">Every fault, exactly as it is printed.</param>
public sealed record BrokenConfig(string Name, string Text, string Map, IReadOnlyList<string> Expected)
{
    /// <summary>Names the row in test reports.</summary>
    public override string ToString() => Name;
}

/// <summary>Broken configs and what is said about each. They use no block or setting beyond the common ones.</summary>
public static class BrokenConfigs
{
    /// <summary>A config without faults.</summary>
    public const string Sound = """
        {
          // A small pipeline.
          "name": "players",
          "records": {
            "player": {
              "name": { "type": "string", "required": true },
              "hits": { "type": "int", "min": 0 },
              "atBats": { "type": "int", "min": 0 },
              "state": { "type": "enum", "values": ["active", "injured"] },
              "rules": ["hits <= atBats"],
            },
          },
          "providers": {
            "mlb": {
              "baseUrl": "http://127.0.0.1:9",
              "throttle": { "perSecond": 2, "perMinute": 60 },
              "breaker": { "failures": 5, "recovery": "60s" },
              "timeout": "5s",
            },
          },
          "sources": {
            "feeds": { "type": "http", "provider": "mlb", "request": "/feed", "every": "5s" },
          },
          "transforms": {
            "normalized": { "type": "normalize", "from": ["feeds"], "map": "maps/players.json" },
            "unique": { "type": "deduplicate", "from": ["normalized"], "window": "10m" },
          },
          "sinks": {
            "archive": { "type": "file", "from": ["unique"], "path": "data/players.jsonl" },
          },
        }

        """;

    /// <summary>A mapping without faults.</summary>
    public const string SoundMap = """
        [
          {
            "each": "$.players[*]",
            "record": "player",
            "key": "player:{id}",
            "fields": { "name": "name", "hits": "hits", "atBats": "atBats" },
          },
        ]

        """;

    /// <summary>The table.</summary>
    public static IReadOnlyList<BrokenConfig> All { get; } =
    [
        Broken("misspelt setting", "\"perMinute\"", "\"perMinutes\"",
            "pipeline.json(16,37): error: providers.mlb.throttle.perMinutes: unknown setting; did you mean 'perMinute'?"),
        Broken("unknown setting", "\"perMinute\"", "\"bananas\"",
            "pipeline.json(16,37): error: providers.mlb.throttle.bananas: unknown setting; known: perSecond, perMinute, perHour, perDay, perMonth, windows, zone, queue, reports, statuses, adapt"),
        Broken("misspelt section", "\"providers\": {", "\"provider\": {",
            "pipeline.json(13,3): error: provider: unknown setting; did you mean 'providers'?",
            "pipeline.json(22,44): error: sources.feeds.provider: there is no provider 'mlb'; add it to providers"),
        Broken("number for a duration", "\"timeout\": \"5s\"", "\"timeout\": 5",
            "pipeline.json(18,18): error: providers.mlb.timeout: expected a duration such as '5s', found number 5"),
        Broken("duration without a unit", "\"60s\"", "\"60\"",
            "pipeline.json(17,47): error: providers.mlb.breaker.recovery: expected a duration such as '5s' or a range such as '500ms..30s', found text '60'"),
        Broken("text for a number", "\"failures\": 5", "\"failures\": \"five\"",
            "pipeline.json(17,32): error: providers.mlb.breaker.failures: expected a whole number, found text 'five'"),
        Broken("fraction for a whole number", "\"failures\": 5", "\"failures\": 5.5",
            "pipeline.json(17,32): error: providers.mlb.breaker.failures: expected a whole number, found number 5.5"),
        Broken("number out of range", "\"perSecond\": 2", "\"perSecond\": 0",
            "pipeline.json(16,34): error: providers.mlb.throttle.perSecond: must be between 1 and 100000, found number 0"),
        Broken("number that fits no integer", "\"perSecond\": 2", "\"perSecond\": 99999999999",
            "pipeline.json(16,34): error: providers.mlb.throttle.perSecond: must be between 1 and 100000, found number 99999999999"),
        Broken("duration out of range", "\"timeout\": \"5s\"", "\"timeout\": \"1h\"",
            "pipeline.json(18,18): error: providers.mlb.timeout: must be between 10ms and 10m, found text '1h'"),
        Broken("null", "\"timeout\": \"5s\"", "\"timeout\": null",
            "pipeline.json(18,18): error: providers.mlb.timeout: null is no value here; write a duration such as '5s', or remove the setting"),
        Broken("text for an object", "{ \"failures\": 5, \"recovery\": \"60s\" }", "\"often\"",
            "pipeline.json(17,18): error: providers.mlb.breaker: expected an object, found text 'often'"),
        Broken("missing setting", "\"baseUrl\": \"http://127.0.0.1:9\",", "",
            "pipeline.json(14,5): error: providers.mlb.baseUrl: required, but missing; add \"baseUrl\": a text"),
        Broken("address that is no URL", "\"http://127.0.0.1:9\"", "\"statsapi.mlb.com\"",
            "pipeline.json(15,18): error: providers.mlb.baseUrl: must be an absolute URL such as 'https://statsapi.mlb.com', or 'demo:NAME' for a built-in demo provider"),
        Broken("address of a WebSocket for requests", "\"http://127.0.0.1:9\"", "\"wss://127.0.0.1:9\"",
            "pipeline.json(22,44): error: sources.feeds.provider: the address of provider 'mlb' begins with wss://, which a source of type 'http' can't ask; give it a provider with an http or https address"),
        Broken("unknown time zone of a throttle", "\"perMinute\": 60", "\"zone\": \"Mars\"",
            "pipeline.json(16,45): error: providers.mlb.throttle.zone: 'Mars' is no time zone this machine knows; write one like America/New_York"),
        Broken("fixed window of a day and a half", "\"perMinute\": 60", "\"windows\": { \"limit\": 50000, \"per\": \"36h\", \"kind\": \"fixed\" }",
            "pipeline.json(16,73): error: providers.mlb.throttle.windows.per: a fixed window has at least a second and at most a day, or whole days, found 36h; write it so, or make it sliding"),
        Broken("sliding window with settings of fixed ones", "\"perMinute\": 60", "\"windows\": [{ \"limit\": 50000, \"per\": \"1d\", \"zone\": \"UTC\" }, { \"limit\": 60000, \"per\": \"1d\", \"skew\": \"1s\" }]",
            "pipeline.json(16,88): error: providers.mlb.throttle.windows[0].zone: has no meaning for sliding windows; remove it, or write \"kind\": \"fixed\"",
            "pipeline.json(16,97): error: providers.mlb.throttle.windows[1]: states the same kind of window again; leave the one with the lower limit",
            "pipeline.json(16,136): error: providers.mlb.throttle.windows[1].skew: is for the borders of fixed windows; remove it, or write \"kind\": \"fixed\""),
        Broken("skew as long as its window", "\"perMinute\": 60", "\"windows\": { \"limit\": 5, \"per\": \"10s\", \"kind\": \"fixed\", \"skew\": \"5s\" }",
            "pipeline.json(16,101): error: providers.mlb.throttle.windows.skew: must be less than half of the window of 10s, found 5s"),
        Broken("breaker that never opens", "\"failures\": 5, \"recovery\": \"60s\"", "\"failures\": null",
            "pipeline.json(17,7): error: providers.mlb.breaker: never opens; give it failures, ratio or both"),
        Broken("slow that is never reached", "\"failures\": 5, \"recovery\": \"60s\"", "\"slow\": \"5s\"",
            "pipeline.json(17,28): error: providers.mlb.breaker.slow: must be shorter than the provider's timeout of 5s, found 5s: what takes longer fails anyway"),
        Broken("recovery that shrinks", "\"failures\": 5, \"recovery\": \"60s\"", "\"recovery\": \"5m..60s\"",
            "pipeline.json(17,32): error: providers.mlb.breaker.recovery: expected a duration such as '5s' or a range such as '500ms..30s', found text '5m..60s'"),
        Broken("reports of no window, of nothing, of nowhere", "\"perMinute\": 60", "\"reports\": [{ \"window\": \"minutes\", \"used\": \"@header('U')\" }, { \"window\": \"day\", \"resets\": \"^.x\" }]",
            "pipeline.json(16,61): error: providers.mlb.throttle.reports[0].window: there is no window 'minutes'; did you mean 'minute'?",
            "pipeline.json(16,98): error: providers.mlb.throttle.reports[1]: says nothing; give 'remaining', 'used' or 'limit'",
            "pipeline.json(16,110): error: providers.mlb.throttle.reports[1].window: there is no window 'day'; known: second, minute",
            "pipeline.json(16,127): error: providers.mlb.throttle.reports[1].resets: '^.x' looks beyond the answer; name a header, such as @header('X-Requests-Remaining'), or a path from its beginning, such as $.usage.remaining"),
        Broken("throttle without a window", "\"perSecond\": 2, \"perMinute\": 60", "\"perSecond\": null, \"perMinute\": null",
            "pipeline.json(16,7): error: providers.mlb.throttle: allows any number of requests; give at least one of perSecond, perMinute, perHour, perDay, perMonth and windows"),
        Broken("unknown source type", "\"http\"", "\"htpp\"",
            "pipeline.json(22,24): error: sources.feeds.type: unknown source type 'htpp'; did you mean 'http'?"),
        Broken("unknown transform type", "\"normalize\"", "\"normalise\"",
            "pipeline.json(25,29): error: transforms.normalized.type: unknown transform type 'normalise'; did you mean 'normalize'?"),
        Broken("unknown provider", "\"provider\": \"mlb\"", "\"provider\": \"mbl\"",
            "pipeline.json(22,44): error: sources.feeds.provider: there is no provider 'mbl'; did you mean 'mlb'?"),
        Broken("dangling from", "[\"normalized\"]", "[\"normalised\"]",
            "pipeline.json(26,49): error: transforms.unique.from[0]: there is no source or transform 'normalised'; did you mean 'normalized'?"),
        Broken("from without brackets, dangling", "[\"normalized\"]", "\"normalised\"",
            "pipeline.json(26,48): error: transforms.unique.from: there is no source or transform 'normalised'; did you mean 'normalized'?"),
        Broken("misspelt from", "\"from\": [\"unique\"]", "\"form\": [\"unique\"]",
            "pipeline.json(29,34): error: sinks.archive.form: unknown setting; did you mean 'from'?"),
        Broken("circle", "[\"feeds\"]", "[\"feeds\", \"unique\"]",
            "pipeline.json(26,49): error: transforms.unique.from[0]: goes in a circle: normalized reads unique reads normalized; remove one of these"),
        Broken("sink that reads a source", "[\"unique\"]", "[\"unique\", \"feeds\"]",
            "pipeline.json(29,53): error: sinks.archive.from[1]: 'feeds' is a source, and a sink reads transforms; put a transform between them"),
        Broken("nobody reads", "[\"unique\"]", "[\"normalized\"]",
            "pipeline.json(26,5): error: transforms.unique: nobody reads 'unique'; add it to the \"from\" of a transform or sink, or remove it"),
        Broken("reading nobody", "[\"unique\"]", "[]",
            "pipeline.json(29,42): error: sinks.archive.from: must not be empty"),
        Broken("name taken", "\"archive\": {", "\"feeds\": {",
            "pipeline.json(29,5): error: sinks.feeds: the name 'feeds' is taken by one of the sources (line 22); rename one of them"),
        Broken("name with a blank", "\"state\": {", "\"player state\": {",
            "pipeline.json(9,7): error: records.player['player state']: 'player state' is not a name; a name begins with a letter and goes on with letters, digits, '_' or '-'"),
        Broken("unknown field type", "\"hits\": { \"type\": \"int\"", "\"hits\": { \"type\": \"itn\"",
            "pipeline.json(7,25): error: records.player.hits.type: expected one of string, int, number, bool, time, enum, found text 'itn'; did you mean 'int'?"),
        Broken("rule about no field", "[\"hits <= atBats\"]", "[\"hit <= atBats\"]",
            "pipeline.json(10,17): error: records.player.rules[0]: 'hit <= atBats' is no condition: field 'hit' is not in record 'player'; did you mean 'hits'?"),
        Broken("enum without values", ", \"values\": [\"active\", \"injured\"]", "",
            "pipeline.json(9,7): error: records.player.state: an enum needs its values; add \"values\": [...]"),
        Broken("min above max", "\"hits\": { \"type\": \"int\", \"min\": 0 }", "\"hits\": { \"type\": \"int\", \"min\": 9, \"max\": 1 }",
            "pipeline.json(7,39): error: records.player.hits.min: min 9 is greater than max 1, so no value is valid; swap them"),
        Broken("range of a text", "\"required\": true", "\"max\": 5",
            "pipeline.json(6,42): error: records.player.name.max: only int and number have a range; remove it (the field's type is 'string')"),
        Broken("setting given twice", "\"timeout\": \"5s\",", "\"timeout\": \"5s\",\n      \"timeout\": \"6s\",",
            "pipeline.json(19,7): error: providers.mlb.timeout: given twice, first on line 18; keep one of them"),
        Broken("unset variable", "\"http://127.0.0.1:9\"", "\"${STREAMENGINE_UNSET_URL}\"",
            "pipeline.json(15,18): error: providers.mlb.baseUrl: the environment variable STREAMENGINE_UNSET_URL is not set; set it, or give a default: '${STREAMENGINE_UNSET_URL:default}'"),
        Broken("missing comma", "\"timeout\": \"5s\",", "\"timeout\": \"5s\" \"priority\": 1",
            "pipeline.json(18,23): error: not valid JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'."),
        Broken("missing mapping", "\"maps/players.json\"", "\"maps/palyers.json\"",
            "pipeline.json(25,68): error: transforms.normalized.map: there is no file 'maps/palyers.json'; create it, or correct the name (it counts from the config's folder)"),
        new BrokenConfig("misspelt setting in a mapping", Sound, Change(SoundMap, "\"record\"", "\"recrod\""),
            ["maps/players.json(4,5): error: [0].recrod: unknown setting; did you mean 'record'?"]),
        new BrokenConfig("several at once", Change(Change(Change(Sound, "\"perSecond\": 2", "\"perSecond\": -1"), "\"int\", \"min\": 0 },\n      \"state\"", "\"integer\" },\n      \"state\""), "[\"unique\"]", "[\"uniqe\"]"), SoundMap,
        [
            "pipeline.json(8,27): error: records.player.atBats.type: expected one of string, int, number, bool, time, enum, found text 'integer'",
            "pipeline.json(16,34): error: providers.mlb.throttle.perSecond: must be between 1 and 100000, found number -1",
            "pipeline.json(29,43): error: sinks.archive.from[0]: there is no transform 'uniqe'; did you mean 'unique'?",
        ]),
        new BrokenConfig("nothing at all", "", SoundMap,
            ["pipeline.json(1,1): error: the file is empty; it must hold JSON"]),
        new BrokenConfig("a list", "[]", SoundMap,
            ["pipeline.json(1,1): error: expected an object, found a list"]),
    ];

    private static BrokenConfig Broken(string name, string sound, string broken, params string[] expected) =>
        new(name, Change(Sound, sound, broken), SoundMap, expected);

    private static string Change(string text, string from, string to)
    {
        var at = text.IndexOf(from, StringComparison.Ordinal);
        return at < 0 ? throw new ArgumentException($"'{from}' is not in the config.") : text[..at] + to + text[(at + from.Length)..];
    }
}
