using System.IO.Compression;
using System.Text;
using System.Text.Json;
using StackExchange.Redis;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests;
using StreamEngine.Sources.DeadLetter;
using StreamEngine.Sources.File;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.RedisStream;
using StreamEngine.Sources.WebSockets;
using StreamEngine.Tests;

namespace StreamEngine.Sources.Tests;

/// <summary>What sources read: files, answers of providers, entries of Redis streams, dead letters, and their own saved positions, broken in every way.</summary>
public sealed class FuzzTests : IDisposable
{
    private const int MaxLine = 4096;

    /// <summary>Most of it are offsets.</summary>
    private static readonly byte[][] Places =
        [Encoding.UTF8.GetBytes($"{{\"line\":1,\"files\":[{string.Join(',', Enumerable.Repeat("{\"name\":\"a\",\"beginning\":1,\"offset\":7,\"inLongLine\":false,\"isDone\":true}", 20))}]}}")];

    private readonly TempFolder folder = TempFolder.InMemory();
    private readonly BatchPool pool = new(new RecordSchema([], [new SourceInfo("lines", 0, 1, 1)]), 2);

    public void Dispose()
    {
        pool.Dispose();
        folder.Dispose();
    }

    [Theory]
    [Trait("kind", Fuzz.Trait)]
    [InlineData("in.jsonl")]
    [InlineData("in.jsonl.gz")]
    public void Lines_of_a_file_are_read_or_given_up_with_a_reason(string name)
    {
        var path = Path.Combine(folder.FullName, name);
        byte[][] good =
        [
            Encoding.UTF8.GetBytes("\uFEFF{\"id\":1}\r\n\n  \n{\"id\":2,\"name\":\"" + new string('x', 4000) + "\"}\n{\"id\":3}"),
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 600).Select(i => $"{{\"id\":{i}}}\n")) + new string('y', 4090) + "\n"),
        ];
        Fuzz.Run(name.EndsWith("gz", StringComparison.Ordinal) ? [.. good.Select(Gzip)] : good, bytes =>
        {
            System.IO.File.WriteAllBytes(path, bytes);
            return ReadLines(path, bytes.Length);
        });
    }

    [Theory]
    [Trait("kind", Fuzz.Trait)]
    [InlineData(true)]
    [InlineData(false)]
    public void Patches_lead_to_a_document_or_are_given_up_with_a_reason(bool areOperations)
    {
        var options = new PatchOptions { Since = "$.v", Operations = areOperations ? "$[*].diff" : null, Merge = areOperations ? null : "$.changes" };
        var patcher = new DocumentPatcher(options, 4096, text => text);
        var document = """{"v":"1","games":[{"id":1,"score":[0,1]},{"id":2,"score":[3,4]}],"teams":{"a":{"b":{"c":null}}}}"""u8.ToArray();
        string[] good = areOperations
            ?
            [
                """[{"diff":[{"op":"replace","path":"/v","value":"2"},{"op":"add","path":"/games/0/score/-","value":{"x":[1.5e3,"\u00e9"]}},{"op":"move","from":"/games/1","path":"/games/0"}]},{"diff":[{"op":"copy","from":"/teams","path":"/teams/a/d"},{"op":"test","path":"/v","value":"2"},{"op":"remove","path":"/teams/a/b"}]}]""",
                $"[{{\"diff\":[{string.Join(',', Enumerable.Repeat("""{"op":"copy","from":"/games","path":"/games/-"}""", 6))}]}}]",
                """{"v":"3","games":[]}""",
            ]
            : ["""{"changes":{"v":"2","games":null,"teams":{"a":{"b":{"c":{"d":[1,{"e":null}]}}}}}}""", """{"changes":{}}"""];
        Fuzz.Run([.. good.Select(Encoding.UTF8.GetBytes)], bytes =>
        {
            using var answer = Body.ReadAsync(new MemoryStream(bytes), 1 << 20, CancellationToken.None).AsTask().GetAwaiter().GetResult()!;
            var patched = patcher.Apply(document, answer);
            using var body = patched.Body;
            Assert.True(body is null || (body.JsonFault() is null && body.Span.Length <= 4096));
            Assert.NotEqual("", patched.Fault);
            return patched.Fault;
        });
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void Rows_of_csv_are_objects_of_json_or_given_up_with_a_reason()
    {
        var path = Path.Combine(folder.FullName, "in.csv");
        Fuzz.Run(
            [
                Encoding.UTF8.GetBytes("\uFEFFid,\"first, name\",\"a \"\"b\"\"\"\r\n1,Ada,\"x\ny\"\r\n\r\n2,\"Bo\",\n3,a\\b\n4,é,\t" + new string('x', 4000) + "\n5,,"),
                Encoding.UTF8.GetBytes("a,b\n" + string.Concat(Enumerable.Range(0, 600).Select(i => $"{i},\"{i}\"\n"))),
            ],
            bytes =>
            {
                System.IO.File.WriteAllBytes(path, bytes);
                return Read(
                    () => new CsvBatcher(InputFile.Open(path), KnownFile.New("in"), null, (byte)',', MaxLine, wholeRows: false),
                    bytes.Length,
                    (text, isLive) =>
                    {
                        if (isLive && System.Text.Unicode.Utf8.IsValid(text))
                        {
                            Assert.True(new JsonTape().TryRead(text, out var row) && row.Kind == JsonKind.Object, Encoding.UTF8.GetString(text));
                        }
                    });
            });
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_message_is_answered_with_json_whatever_it_says()
    {
        var template = new MessageTemplate(JsonSerializer.Deserialize<JsonElement>("""{"id":"{id}","text":"no {id}, {of.x[0]} {of}","{id}":["{@}"]}"""), isReply: true);
        Fuzz.Run(
            ["""{"op":"ping","id":17,"of":{"x":["a\"b","\\"]}}"""u8.ToArray(), """{"id":"\u0041\ud83c\udfc0","of":{"x":[{"y":null}]}}"""u8.ToArray(), "ping \"x\" \\ é"u8.ToArray()],
            bytes =>
            {
                var message = new IncomingMessage(MaxLine);
                foreach (var part in bytes.Chunk(700))
                {
                    part.CopyTo(message.Free());
                    message.Add(part.Length);
                }

                if (message.IsTooLong)
                {
                    return "too long";
                }

                if (!message.TryRead(out var value))
                {
                    return "no JSON";
                }

                // Half a surrogate pair is a name that nobody can read.
                var answer = template.At(DateTimeOffset.UnixEpoch, "", value);
                Assert.True(new JsonTape().TryRead(answer, out var told) && told.Kind == JsonKind.Object, Encoding.UTF8.GetString(answer));
                return null;
            });
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_saved_place_in_a_conversation_is_taken_over_or_reported() => Fuzz.Run(
        ["12345"u8.ToArray(), "\"v2-\\\"00a\\\"\""u8.ToArray()],
        bytes => Restored("token", bytes, state => WebSocketPosition.Restore(state) is { Token.Length: > 0 } place ? place : bytes.Length == 0 ? WebSocketPosition.Start : null));

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_dead_letter_is_fed_back_or_kept_with_a_reason() => Fuzz.Run(
        [
            """{"time":"2026-04-01T18:00:00Z","block":"normalized","reason":"no key","detail":"id","source":"lines","origin":"http://x/y","sequence":17,"after":"8dd1/3","key":"k","bytes":7,"payload":"{\"a\":1}"}"""u8.ToArray(),
            """{"time":"2026-04-01T18:00:00Z","block":"b","reason":"r","source":"lines","sequence":9223372036854775807,"bytes":2,"payload":"\u00e9"}"""u8.ToArray(),
        ],
        text => DeadLetterLine.TryRead(Encoding.UTF8.GetString(text), out var line, out var fault) ? Told(line) : fault);

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_stream_entry_has_a_payload_or_is_given_up_with_a_reason() => Fuzz.Run(
        ["1526919030474-55 data {\"id\":1}"u8.ToArray(), "1-0 other x data y more z"u8.ToArray(), "18446744073709551615-18446744073709551615 data "u8.ToArray()],
        bytes =>
        {
            // Fields and values in turn, as the server sends them: any bytes, of any length.
            var parts = Split(bytes);
            if (!StreamId.TryParse(Encoding.UTF8.GetString(parts[0]), out var id))
            {
                return "no id";
            }

            Assert.InRange(id.Microseconds, 0, long.MaxValue);
            Assert.True(StreamId.TryParse(id.ToString(), out var same) && same == id);
            var payload = EntryPayload.Of(new ReadEntry(id, [.. parts[1..].Select(p => (RedisValue)p)]), "data", MaxLine);
            Assert.InRange(payload.Bytes.Length, 0, MaxLine);
            return payload.Reason is null ? null : $"{payload.Reason}: {payload.Detail}";
        });

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_saved_place_in_a_stream_is_taken_over_or_reported() => Fuzz.Run(
        ["1526919030474-55 1526919030474055"u8.ToArray(), "5-1 9223372036854775807 6-1 7-18446744073709551615"u8.ToArray()],
        bytes => Restored("stream", bytes, RedisStreamPosition.Restore));

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_saved_place_in_files_is_taken_over_or_reported() => Fuzz.Run(
        ["""{"line":7,"files":[{"name":"a.jsonl","beginning":18446744073709551615,"offset":4097,"inLongLine":true,"isDone":false},{"name":"b.gz","beginning":1,"offset":0,"inLongLine":false,"isDone":true}]}"""u8.ToArray(), .. Places],
        bytes => Restored("files", bytes, state =>
        {
            var place = FilePosition.Restore(state);
            Assert.All(place?.All ?? [], f => Assert.InRange(f.Offset, 0, long.MaxValue));
            return place;
        }));

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_request_stays_with_its_provider_whatever_is_put_into_it()
    {
        var now = new DateTimeOffset(2026, 4, 1, 18, 0, 0, TimeSpan.Zero);
        Fuzz.Run(
            ["/api/v1/games/{gamePk}/feed?date={today:America/New_York}&side={side}\n746455\nhome"u8.ToArray(), "/x/{gamePk}\n../../%2e%2e/é?#&=\n//evil.example/"u8.ToArray()],
            bytes =>
            {
                var parts = Encoding.UTF8.GetString(bytes).Split('\n');
                var values = new Dictionary<string, string> { ["gamePk"] = parts.ElementAtOrDefault(1) ?? "", ["side"] = parts.ElementAtOrDefault(2) ?? "" };
                try
                {
                    var template = new RequestTemplate(parts[0]);
                    if (template.Bind(values) is not { } bound)
                    {
                        return $"no value for one of {string.Join(", ", template.Names)}";
                    }

                    Assert.Empty(bound.Names);

                    // As the requester does it.
                    var path = bound.At(now);
                    if (!Uri.TryCreate($"https://provider.example/{path.TrimStart('/')}", UriKind.Absolute, out var url))
                    {
                        return $"'{path}' makes no valid URL";
                    }

                    Assert.Equal("provider.example", url.Host);
                    Assert.Equal("", url.UserInfo);
                    return null;
                }
                catch (FormatException e)
                {
                    return e.Message;
                }
            });
    }

    [Theory]
    [Trait("kind", Fuzz.Trait)]
    [InlineData("")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void A_providers_answer_is_a_payload_or_a_failure_with_a_reason(string coding)
    {
        using var provider = new CannedProvider();
        byte[] json = [.. "{\"games\":["u8, .. Enumerable.Repeat("{\"id\":746455,\"state\":\"Live\"},"u8.ToArray(), 20).SelectMany(b => b), .. "{}]}"u8];
        var body = Encoded(json, coding);
        var kind = coding.Length > 0 ? $"Content-Encoding: {coding}\r\n" : "";
        byte[] whole = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{kind}ETag: \"a\"\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
        byte[] chunked = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{kind}Transfer-Encoding: chunked\r\nLast-Modified: Wed, 01 Apr 2026 18:00:00 GMT\r\n\r\n{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8];
        Fuzz.Run([whole, chunked], provider.Ask);
    }

    [Theory]
    [Trait("kind", Fuzz.Trait)]
    [InlineData("json")]
    [InlineData("csv")]
    [InlineData("lines")]
    public void An_answer_that_is_taken_apart_gives_payloads_or_a_failure_with_a_reason(string format)
    {
        using var provider = new CannedProvider(new HttpSourceOptions { Format = format, Items = format == "json" ? "$.days[*].games[*]" : null, MaxLine = new(MaxLine), MaxDocument = new(MaxLine) });
        var body = format switch
        {
            "json" => [.. "{\"at\":[1],\"days\":[{\"day\":\"é\",\"games\":["u8, .. Enumerable.Repeat("{\"id\":746455,\"state\":\"Live\"},"u8.ToArray(), 200).SelectMany(b => b), .. "{}]},{\"games\":[]}],\"end\":{}}"u8],
            "csv" => [.. "\uFEFFid,\"na\nme\"\r\n"u8, .. Enumerable.Repeat("746455,\"a \"\"b\"\"\"\n"u8.ToArray(), 600).SelectMany(b => b)],
            _ => Enumerable.Repeat("{\"id\":746455}\r\n"u8.ToArray(), 600).SelectMany(b => b).ToArray(),
        };
        byte[] whole = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
        var packed = Encoded(body, "gzip");
        byte[] chunked = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n{packed.Length:x}\r\n"), .. packed, .. "\r\n0\r\n\r\n"u8];
        Fuzz.Run([whole, chunked], provider.Ask);
    }

    [Fact]
    public async Task A_small_answer_that_unpacks_to_much_is_given_up_early()
    {
        var body = Gzip(Encoding.ASCII.GetBytes("[" + new string(' ', 64 << 20) + "]"));
        Assert.InRange(body.Length, 1, 128 << 10);
        await using var unpacked = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);

        // It never waits, so it stays on this thread.
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(await Body.ReadAsync(unpacked, 1024, TestContext.Current.CancellationToken));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private string? ReadLines(string path, int length) => Read(
        () => new LineBatcher(InputFile.Open(path), KnownFile.New("in"), MaxLine, wholeLines: false),
        path.EndsWith("gz", StringComparison.Ordinal) ? int.MaxValue : length,
        (_, _) => { });

    /// <summary>Reads a file to its end.</summary>
    private string? Read(Func<IFileBatcher> open, int mostDocuments, TakePayload look)
    {
        var reasons = new HashSet<string>();
        long line = 0;
        try
        {
            using var lines = open();
            for (var documents = 0; !lines.Reached.IsDone;)
            {
                var batch = pool.RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
                try
                {
                    lines.Fill(batch, 0, ref line, 0);
                    foreach (ref readonly var departure in batch.Whole.Departures)
                    {
                        reasons.Add(departure.Reason);
                    }

                    documents += batch.DocumentCount;
                    Assert.InRange(batch.Bytes.Length, 0, Batch.FullBytes * 4);
                    Assert.True(documents <= mostDocuments);
                    for (var i = 0; i < batch.DocumentCount; i++)
                    {
                        Assert.InRange(batch.Document(i).Length, 0, MaxLine);
                        look(batch.Payload(i), batch.Document(i).State == RowState.Live);
                    }
                }
                finally
                {
                    batch.Release();
                }
            }
        }
        catch (InvalidDataException e)
        {
            reasons.Add(e.Message);
        }

        return reasons.Count == 0 ? null : string.Join('\n', reasons);
    }

    private delegate void TakePayload(ReadOnlySpan<byte> payload, bool isLive);

    private static string? Restored(string field, byte[] bytes, Func<StateReader, SourcePosition?> restore)
    {
        var state = new StateReader("source", [new StateSection("source", 0, 1, field, 1, bytes)]);
        return restore(state) is null ? Assert.Single(state.Problems) : null;
    }

    private static string? Told(DeadLetterLine line)
    {
        Assert.NotNull(line.Origin);
        return null;
    }

    private static List<byte[]> Split(byte[] bytes)
    {
        var parts = new List<byte[]>();
        while (bytes.AsSpan().IndexOf((byte)' ') is >= 0 and var at)
        {
            parts.Add(bytes[..at]);
            bytes = bytes[(at + 1)..];
        }

        return [.. parts, bytes];
    }

    private static byte[] Gzip(byte[] bytes) => Encoded(bytes, "gzip");

    private static byte[] Encoded(byte[] bytes, string coding)
    {
        using var target = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(target, CompressionLevel.Optimal, leaveOpen: true),
            "br" => new BrotliStream(target, CompressionLevel.Optimal, leaveOpen: true),
            _ => target,
        })
        {
            stream.Write(bytes);
        }

        return target.ToArray();
    }
}
