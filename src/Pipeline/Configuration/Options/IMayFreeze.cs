namespace StreamEngine.Pipeline.Configuration;

/// <summary>Options of a source that can be watched for content that stands still.</summary>
public interface IMayFreeze
{
    /// <summary>How long what it says may stand still while that of others moves; null doesn't watch it.</summary>
    Duration? FrozenAfter { get; }
}
