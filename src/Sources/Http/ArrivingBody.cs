using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Http;

/// <summary>
/// The body of an answer while it arrives, taken apart into its payloads: no more of it is held than the largest of them. It arrives when the attempt
/// that asked for it is over, so that a full pipeline, for which it waits, holds up neither the throttle nor the breaker.
/// </summary>
internal sealed class ArrivingBody : IDisposable
{
    /// <summary>How often a payload is held at most: as it arrives, as it is put together, and as it is handed on.</summary>
    public const int Copies = 3;

    private const int ReadBytes = 32 * 1024;

    private readonly BodyInput input;
    private readonly IFileBatcher batcher;
    private readonly Duration timeout;
    private readonly TimeProvider time;
    private readonly int largest;
    private TimeSpan left;
    private string? fault;
    private long line;
    private int wanted = 1;

    private ArrivingBody(BodyInput input, HttpSourceOptions options, string origin, Duration timeout, TimeProvider time)
    {
        (this.input, this.timeout, this.time) = (input, timeout, time);
        batcher = Batcher(input, options, KnownFile.New(origin));
        largest = (int)(options.Items is null ? options.MaxLine : options.MaxDocument).Bytes;
    }

    /// <summary>How many lines, rows or items were read.</summary>
    public long Line => line;

    /// <summary>How many bytes have arrived, decompressed.</summary>
    public long Length => input.Length;

    /// <summary>Hash of them all.</summary>
    public UInt128 Hash => input.Hash;

    /// <summary>Whether nothing more comes of it.</summary>
    public bool IsDone => batcher.Reached.IsDone || Fault is not null;

    /// <summary>Why what came is not all; null while all is well.</summary>
    public string? Fault => fault ?? batcher.Fault;

    /// <summary>The class of <see cref="Fault"/>.</summary>
    public FailureClass FaultClass { get; private set; } = FailureClass.Malformed;

    /// <summary>How long the provider took for what has arrived. While the pipeline makes it wait, no time passes.</summary>
    public TimeSpan Took => timeout.Value - left;

    /// <summary>Whether more has to arrive before it can be filled into a batch.</summary>
    public bool NeedsMore => input.IsShort;

    /// <summary>Waits for the beginning of a body.</summary>
    /// <param name="content">What is read.</param>
    /// <param name="options">How payloads stand in it.</param>
    /// <param name="origin">Where it comes from, without secrets.</param>
    /// <param name="timeout">How long the provider may take for all of it.</param>
    /// <param name="sent">When it was asked for: a timestamp of the clock.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The body, or why it is none.</returns>
    public static async ValueTask<(ArrivingBody? Body, string? Fault)> BeginAsync(
        HttpContent content, HttpSourceOptions options, string origin, Duration timeout, long sent, TimeProvider time, CancellationToken cancellationToken)
    {
        var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var charSet = options.Format == HttpSourceOptions.Json ? null : content.Headers.ContentType?.CharSet;
        if (TextEncoding.ToUtf8(stream, charSet) is not { } text)
        {
            return (null, $"the body is in an encoding that can't be read, {charSet}");
        }

        var body = new ArrivingBody(new BodyInput(text), options, origin, timeout, time);
        try
        {
            // A byte-order mark is looked for in the first piece, and one byte more says that the body is not empty.
            await body.input.WaitAsync(IFileBatcher.ByteOrderMark.Length + 1, cancellationToken).ConfigureAwait(false);
            body.left = timeout.Value - time.GetElapsedTime(sent);
            if (OddBody.Of(body.input.Rest, options.Format, content) is not { } odd)
            {
                return (body, null);
            }

            body.Dispose();
            return (null, odd);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            body.Dispose();
            return (null, Fetch.NotDecompressed);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Waits until more has arrived. Only this wait counts against the provider's time.</summary>
    /// <returns>Why nothing more comes; null when something did, or the end.</returns>
    public async ValueTask<string?> WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var begun = time.GetTimestamp();
        try
        {
            await input.WaitAsync(wanted, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (FaultClass, fault) = (FailureClass.Timeout, $"the rest of the body did not come within {timeout}");
        }
        catch (Exception e) when (Sending.IsBroken(e, out var failure, out var words))
        {
            cancellationToken.ThrowIfCancellationRequested();
            (FaultClass, fault) = limit.IsCancellationRequested ? (FailureClass.Timeout, $"the rest of the body did not come within {timeout}") : (failure, words);
        }

        left -= time.GetElapsedTime(begun);
        return fault;
    }

    /// <summary>Fills an empty batch with what has arrived. It may stay empty.</summary>
    public void Fill(Batch batch, short source, long now)
    {
        try
        {
            batcher.Fill(batch, source, ref line, now);
        }
        catch (InvalidDataException e)
        {
            fault = $"the body can't be read: {e.Message}";
        }

        // Of a long payload more and more is waited for, since each look at it begins at its beginning.
        wanted = batch.DocumentCount > 0 ? 1 : Math.Min(Math.Max(ReadBytes, 2 * wanted), largest);
    }

    public void Dispose() => batcher.Dispose();

    private static IFileBatcher Batcher(BodyInput input, HttpSourceOptions options, KnownFile from)
    {
        var maxLine = (int)options.MaxLine.Bytes;
        return options.Format switch
        {
            PayloadSourceOptions.Csv => new CsvBatcher(input, from, header: null, FileFormats.Delimiter(options, ""), maxLine, wholeRows: false),
            PayloadSourceOptions.Lines => new LineBatcher(input, from, maxLine, wholeLines: false),
            _ => ItemSplitter.TryCreate(options.Items!, (int)options.MaxDocument.Bytes, out var splitter, out var error)
                ? new ItemBatcher(input, from, splitter, isAnswer: true)
                : throw new FormatException(error),
        };
    }
}
