using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Host.Api;

/// <summary><c>explain/{key}</c>: why the merged record of a key says what it says.</summary>
internal static class ExplainEndpoint
{
    private const int MaxKey = 256;

    /// <summary>How long a question may wait behind what is on its way.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Map(RouteGroupBuilder api, Engine engine) => api.MapGet("/explain/{**key}", async (string? key, CancellationToken aborted) =>
    {
        key = key?.Trim();
        if (string.IsNullOrEmpty(key) || key.Length > MaxKey || key.Any(char.IsControl))
        {
            return Problems.BadRequest("bad_key", $"Say which key, such as {ApiRoutes.Base}/explain/player:mlb:660271: at most {MaxKey} characters, none of them a control character.");
        }

        using var patience = new CancellationTokenSource(Patience, engine.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            return await engine.Runtime.ExplainAsync(key, either.Token).ConfigureAwait(false) switch
            {
                { Explanation: { } found } => Results.Json(found, ApiJson.Plain.KeyExplanation),
                { Near: var near } => Problems.Of(StatusCodes.Status404NotFound, "key_not_found", "No such key", Unknown(key, near)),
                null => Problems.Of(StatusCodes.Status503ServiceUnavailable, "not_merging", "Nothing can be explained", NotMerging(engine)),
            };
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return Problems.Of(
                StatusCodes.Status503ServiceUnavailable, "pipeline_busy", "The pipeline stands still", $"There was no answer within {Patience.TotalSeconds} s; {ApiRoutes.Base}/health names what holds the pipeline up.");
        }
    });

    private static string Unknown(string key, IReadOnlyList<string> near) =>
        $"No record '{key}' is held{(near.Count == 0 ? "." : $"; did you mean '{string.Join("' or '", near)}'?")} A key that no source has reported, or that was forgotten at the bound of the merge, is unknown.";

    private static string NotMerging(Engine engine) => engine.Definition.Blocks.Any(b => b.Type is { Kind: BlockKind.Transform, Name: "merge" })
        ? $"The pipeline is {engine.Runtime.State}; try again when it runs."
        : "The pipeline has no transform of type 'merge', so every record says what its source said.";
}
