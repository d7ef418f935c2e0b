using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Decides what is done about a block that throws.</summary>
internal sealed class Supervisor(GraphPlan plan)
{
    /// <summary>Why a record that a block throws on is dead.</summary>
    public const string StepFailed = "step failed";

    /// <summary>Failures without a minute's rest in between after which another try would be spinning: some three minutes with the waits.</summary>
    public const int MostInARow = 10;

    private readonly bool checkpoints = plan.Definition.Options.Checkpoint.Path.Length > 0;

    /// <summary>Records on which blocks have failed.</summary>
    public PoisonRecords Poison { get; } = new();

    /// <summary>
    /// Whether the pipeline goes back to the last checkpoint when the block fails: some of what it has seen since comes again. Behind
    /// providers, which say what is true now and not what they said before, the block alone is made anew, and what it was given goes on.
    /// </summary>
    public bool GoesBack(string block) => checkpoints && plan.SomeComesAgain(block);

    /// <summary>Gives a block's, or a shard's, part of the last checkpoint; null when there is none. Set when the graph is wired.</summary>
    public Func<Func<string, int, int, StateReader>?> LastState { get; set; } = () => null;

    /// <summary>Whether the record comes again after going back.</summary>
    public bool ComesAgain(string block) => plan.ComesAgain(block);

    /// <summary>Why a block that has failed too often is not tried again.</summary>
    public string GivingUp(BlockFailure failure) =>
        $"{failure.Words}. It has failed {MostInARow} times without a minute's rest, so the pipeline stops instead of trying for ever. "
        + $"{(plan.Definition.Options.DeadLetter.Path is { Length: > 0 } path ? $"What it failed on is in '{path}'" : "Set deadLetter.path to keep what it fails on")}; "
        + (checkpoints ? "the next start goes on from the last checkpoint" : "mend the cause, then start again");
}
