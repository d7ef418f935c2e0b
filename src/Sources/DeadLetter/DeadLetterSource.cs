using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.DeadLetter;

/// <summary>Stands in for a source and hands on what of its payloads is in a dead-letter file.</summary>
internal sealed class DeadLetterSource(string path, BlockContext context) : ISource
{
    public bool IsFinite => true;

    /// <summary>Puts the dead letters of a file in the place of a pipeline's sources.</summary>
    /// <param name="definition">The pipeline.</param>
    /// <param name="path">The file.</param>
    public static PipelineDefinition InPlaceOfSources(PipelineDefinition definition, string path)
    {
        var type = BlockType.Source<DeadLetterSourceOptions>("dead-letter", "Every line whose payload is whole, once.", (_, context) => new DeadLetterSource(path, context));
        return definition with
        {
            Blocks = [.. definition.Blocks.Select(b => b.Type.Kind == BlockKind.Source ? new BlockDefinition(b.Name, type, new DeadLetterSourceOptions { Type = type.Name }) : b)],
        };
    }

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        await Task.Yield();
        var batch = await output.RentAsync(stop).ConfigureAwait(false);
        foreach (var text in System.IO.File.ReadLines(path))
        {
            if (!DeadLetterLine.TryRead(text, out var line, out _) || line.Source != context.Name)
            {
                continue;
            }

            if (batch.DocumentCount == Batch.FullDocuments || batch.Bytes.Length >= Batch.FullBytes)
            {
                await output.EmitAsync(batch, stop).ConfigureAwait(false);
                batch = await output.RentAsync(stop).ConfigureAwait(false);
            }

            var payload = Encoding.UTF8.GetBytes(line.Payload);
            batch.AddDocument(new Document
            {
                Source = output.Source,
                Offset = batch.Append(payload),
                Length = payload.Length,
                Sequence = line.Sequence,
                ReceivedTime = context.Time.GetUtcNow().UtcTicks,
                Origin = line.Origin,
            });
        }

        await output.EmitAsync(batch, stop).ConfigureAwait(false);
    }
}

/// <summary>It has none of its own: the file is that of the command line.</summary>
internal sealed record DeadLetterSourceOptions : SourceOptions;
