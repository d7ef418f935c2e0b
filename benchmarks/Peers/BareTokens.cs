using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>The floor under loop A: the tokens of every line are read with `Utf8JsonReader`, and nothing is done with them.</summary>
internal static class BareTokens
{
    public static void Run(Job job)
    {
        var handler = default(Handler);
        LineLoop.Run(job, ref handler);
        if (handler.Tokens == 0)
        {
            throw new InvalidDataException($"{job.Input} holds no tokens.");
        }
    }

    private struct Handler : ILineHandler
    {
        public long Tokens { get; private set; }

        public void Line(ReadOnlySpan<byte> line, long number)
        {
            var json = new Utf8JsonReader(line);
            try
            {
                while (json.Read())
                {
                    Tokens++;
                }
            }
            catch (JsonException)
            {
                // Poison: read as far as it goes.
            }
        }
    }
}
